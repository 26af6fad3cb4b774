import load from "scriptjs";
import "../counter.js";
import { ANALYTICS } from "../tag.js";

// It gives its tag no id; a loader without its id HubSpot's own code would bring a second time.
load(ANALYTICS, () => (window.told = (window.told ?? 0) + 1));
