/**
 * In a page: the texts whose contrast with what is behind them is below 4.5, as WCAG 2.2 asks for (success criterion 1.4.3), each with its
 * contrast. Runs in the browser, so it uses nothing from outside.
 */
export function lowContrasts(): string[] {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
  /** A colour of CSS over another, as the browser paints it. */
  const painted = (over: readonly string[]): number[] => {
    for (const colour of over) {
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
    }
    return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
  };
  const luminance = (rgb: readonly number[]): number => {
    const [r, g, b] = rgb.map((channel) => {
      const part = channel / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
  };
  const backgrounds = (element: Element | null): string[] =>
    element === null ? ["white"] : [...backgrounds(element.parentElement), getComputedStyle(element).backgroundColor];
  const found: string[] = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some(
      (node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim() !== "",
    );
    if (!hasText || element.closest("svg, noscript, option, optgroup") !== null || !element.checkVisibility()) continue;
    const behind = backgrounds(element);
    const [text, back] = [painted([...behind, getComputedStyle(element).color]), painted(behind)].map(luminance);
    const contrast = (Math.max(text!, back!) + 0.05) / (Math.min(text!, back!) + 0.05);
    if (contrast < 4.5) found.push(`${element.textContent!.trim().slice(0, 40)}: ${contrast.toFixed(2)}`);
  }
  return found;
}
