/** What a page says where there is no WebGPU. */
export const noWebGpu =
  "This browser has no WebGPU adapter. Chromium, Edge, Safari 26 and Firefox on most machines have one, on pages from HTTPS or localhost.";
