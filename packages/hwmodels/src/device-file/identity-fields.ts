import type { DeviceSource } from "../source.js";
import { choice, type FieldsOf, type GroupsField, group, text } from "./field.js";

const sources: GroupsField = {
  kind: "groups",
  each: group<DeviceSource>({
    covers: { kind: "texts", each: text("the path of a number") },
    kind: choice("published", "specification", "reported", "measured", "estimate"),
    from: text("a document, recording or file"),
  }),
};

/** The fields that CUDA and WebGPU devices have in common. */
export const identityFields: FieldsOf<{ id: unknown; name: unknown; vendor: unknown; sources: unknown }> = {
  id: text("a name of lower-case letters, digits and hyphens", /^[a-z0-9][a-z0-9-]*$/),
  name: text("a text that is not empty"),
  vendor: text("a vendor in lower case", /^[a-z0-9][a-z0-9 .-]*$/),
  sources,
};
