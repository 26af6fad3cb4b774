import $ from "jquery";
import "../counter.js";
import { ANALYTICS } from "../tag.js";

$.getScript(ANALYTICS, () => (window.told = (window.told ?? 0) + 1));
