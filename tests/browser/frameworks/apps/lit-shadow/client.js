import { LitElement, html } from "lit";

// A frame in a template of the element, word for word, in its shadow.
class Shop extends LitElement {
  static properties = { count: { state: true } };

  constructor() {
    super();
    this.count = 0;
  }

  render() {
    return html`<h1>Shop</h1>
      <button id="count" @click=${() => this.count++}>${this.count}</button>
      <iframe title="Meet us" src="https://meetings.hubspot.com/ann"></iframe>`;
  }
}

customElements.define("a-shop", Shop);
document.getElementById("root").append(new Shop());
