import { LitElement, html } from "lit";
import { ID, PIXEL, SRC } from "../tag.js";

// The tag and a picture in a template, with their addresses as expressions. A browser runs no script that a template
// brings which a script has made.
class Shop extends LitElement {
  static properties = { count: { state: true } };

  constructor() {
    super();
    this.count = 0;
  }

  createRenderRoot() {
    return this;
  }

  render() {
    return html`<h1>Shop</h1>
      <button id="count" @click=${() => this.count++}>${this.count}</button>
      <script async id=${ID} src=${SRC}></script>
      <img alt="" src=${PIXEL} />`;
  }
}

customElements.define("a-shop", Shop);
document.getElementById("root").append(new Shop());
