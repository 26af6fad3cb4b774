import { Counter } from "../counter.jsx";
import { ID, SRC } from "../tag.js";

export const App = () => (
  <html lang="en">
    <head>
      <meta charSet="utf-8" />
      <title>Shop</title>
    </head>
    <body>
      <h1>Shop</h1>
      <Counter />
      <script async id={ID} src={SRC} />
      <script async src="app.js" />
    </body>
  </html>
);
