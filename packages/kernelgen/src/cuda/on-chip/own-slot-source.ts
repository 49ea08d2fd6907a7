/** C++ that finds where slot i of a thread is: its unit and sequence, within the block and within the problem, and whether these are there. */
export const ownSlotPlace = `    const OwnSlot place = own_slot(i);
    exists[i] = ALL_SLOTS_EXIST || place.exists;
    units[i] = slot_unit(place.warp_along_units, place.slot);
    sequences[i] = slot_sequence(place.slot);
    const int unit = first_unit + units[i];
    const int sequence = first_sequence + sequences[i];
    valid[i] = EXACT_TILES || (exists[i] && unit < HEAD_DIM && sequence < BATCH);`;

/** C++ of the unit and the sequence that a slot reads: the last that is there for a slot beyond, so that loads which all slots make need no branch. */
export const readPlace = `    const int read_unit = unit < HEAD_DIM ? unit : HEAD_DIM - UNITS_PER_THREAD;
    const int read_sequence = sequence < BATCH ? sequence : BATCH - 1;`;
