// One line per test, in the words of tests/check.h, so that run.mjs counts both kinds the same way.
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === 'test:diagnostic' && data.nesting > 0) yield `    ${data.message}\n`;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const { error, type: kind } = data.details ?? {};
    if (kind === 'suite' || error?.failureType === 'subtestsFailed') continue;
    if (data.skip !== undefined) yield `skip ${data.name}${data.skip ? `: ${data.skip}` : ''}\n`;
    else if (type === 'test:pass') yield `ok ${data.name}\n`;
    else yield `not ok ${data.name}\n${indent(describe(error))}\n`;
  }
}

function describe(error) {
  const cause = error?.cause ?? error;
  if (cause?.stack)
    return cause.stack + (cause.cause ? `\ncause: ${cause.cause.stack ?? cause.cause}` : '');
  return String(cause);
}

function indent(text) {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
