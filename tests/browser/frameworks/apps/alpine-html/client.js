import Alpine from "alpinejs";
import { ID, PIXEL, SRC } from "../tag.js";

// A browser runs no script that comes as markup, but asks for a picture.
window.words = `<p>Words</p><script async id="${ID}" src="${SRC}"></script><img alt="" src="${PIXEL}">`;
Alpine.start();
