import $ from "jquery";
import "../counter.js";
import { ID, SRC } from "../tag.js";

$("#next").on("click", () => {
  $("#place").html(`<h2>Second</h2><script async id="${ID}" src="${SRC}"></script>`);
});
