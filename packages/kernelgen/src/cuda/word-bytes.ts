/** Bytes of the widest access of a thread to memory, which layouts are made for. */
export const wordBytes = 16;
