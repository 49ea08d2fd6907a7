import pc from "picocolors";

/** Colours on a terminal that has them; none into a pipe or a file, not even where CI asks for them. */
export const colors = pc.createColors(process.stdout.isTTY === true && pc.isColorSupported);
