/* legend — how the names of lines are set out in a saved picture: in as many columns as the longest
 * name allows, and cut where one is wider than the whole picture. */
const ROW_PX = 18;
const BASE_PX = 13; /* from the top of a row to the base line of its name */
const MARK_PX = 24; /* from the left end of a line's mark to its name */
const GAP_PX = 16; /* between two columns; some of it is for the fonts of other machines */
const COLUMN_LEAST_PX = 220;

/* The text, or as much of it as is at most `width` wide, with an ellipsis. */
function cut(text, width, measure) {
  if (measure(text) <= width) return text;
  const letters = [...text];
  while (letters.length && measure(`${letters.join('').trimEnd()}…`) > width) letters.pop();
  return `${letters.join('').trimEnd()}…`;
}

/* series: [{label}] → {height, items: [{series, x, left, y, words}]}: the left ends of each mark
 * and of its name, and the base line of both, from the upper left corner of a box `width` wide. Of
 * fewer than two, nothing: the title says what a single line is. */
export function layLegend(series, width, font) {
  if (series.length < 2) return { height: 0, items: [] };
  const ctx = document.createElement('canvas').getContext('2d');
  ctx.font = font;
  const measure = (text) => ctx.measureText(text).width;
  const widest = Math.max(
    COLUMN_LEAST_PX,
    ...series.map((s) => MARK_PX + measure(s.label) + GAP_PX),
  );
  const columns = Math.max(1, Math.floor(width / widest));
  const columnPx = width / columns;
  return {
    height: Math.ceil(series.length / columns) * ROW_PX,
    items: series.map((s, i) => ({
      series: s,
      x: (i % columns) * columnPx,
      left: (i % columns) * columnPx + MARK_PX,
      y: Math.floor(i / columns) * ROW_PX + BASE_PX,
      words: cut(s.label, columnPx - MARK_PX - GAP_PX, measure),
    })),
  };
}
