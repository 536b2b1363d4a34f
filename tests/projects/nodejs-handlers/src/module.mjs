export const name = "an ES module";
