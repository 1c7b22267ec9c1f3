import { gapInWords } from "../../Sources/LeewayWeb/Page/parts/lines.js";
import { share } from "../../Sources/LeewayWeb/Page/parts/words.js";

const same = (found, wanted) => {
  if (found !== wanted) throw new Error(found + " is not " + wanted);
};

Deno.test("a share below 0 has the digits of one above", () => {
  for (
    const [value, text] of [
      [-0.0123, "-1.2 %"],
      [-0.2, "-20 %"],
      [-0.0004, "-0.04 %"],
      [0.0004, "0.04 %"],
      [0, "0.0 %"],
      [0.123, "12 %"],
    ]
  ) same(share(value), text);
});

Deno.test("two shares are apart by percentage points, other values by their difference", () => {
  same(gapInWords({ unit: "ratio" }, -0.0123), "-1.2 pp");
  same(gapInWords({ unit: "score" }, -0.0123), "-0.0123");
  same(gapInWords(undefined, undefined), "none");
});
