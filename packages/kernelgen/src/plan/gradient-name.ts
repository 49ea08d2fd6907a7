/** The name of the gradient of the loss with respect to a tensor. */
export const gradientName = (tensorName: string): string => `d_${tensorName}`;
