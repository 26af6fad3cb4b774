import loadjs from "loadjs";
import "../counter.js";
import { ID, SRC } from "../tag.js";

loadjs(SRC, {
  before: (_, tag) => void (tag.id = ID),
  success: () => (window.told = (window.told ?? 0) + 1),
});
