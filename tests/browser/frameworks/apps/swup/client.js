import ScriptsPlugin from "@swup/scripts-plugin";
import Swup from "swup";
import "../counter.js";

new Swup({ animationSelector: false, plugins: [new ScriptsPlugin({ head: false, body: true, optin: false })] });
