/** Seed of the property tests: they run the same cases every time, unless FC_SEED asks for others. */
export const propertySeed = Number(process.env.FC_SEED ?? 20261121);
