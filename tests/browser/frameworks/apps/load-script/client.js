import load from "load-script";
import "../counter.js";
import { ID, SRC } from "../tag.js";

load(SRC, { attrs: { id: ID } }, () => (window.told = (window.told ?? 0) + 1));
