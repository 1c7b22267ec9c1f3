// What the charts use of d3. Its modules stand before these lines when the page is built: web_files.c takes them from
// Debian's packages, and they put their functions into a global `d3`.

export const {
  axisBottom,
  axisLeft,
  least,
  line,
  max,
  scaleBand,
  scaleLinear,
  scaleSqrt,
  scaleUtc,
  select,
  sum,
  utcFormat,
} = /** @type {any} */ (globalThis).d3;
