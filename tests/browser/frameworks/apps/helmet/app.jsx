import { Helmet, HelmetProvider } from "react-helmet-async";
import { Counter } from "../counter.jsx";
import { ID, SRC } from "../tag.js";

export const App = ({ context }) => (
  <HelmetProvider context={context}>
    <Helmet>
      <title>Shop</title>
      <script async id={ID} src={SRC} type="text/javascript" />
    </Helmet>
    <h1>Shop</h1>
    <Counter />
  </HelmetProvider>
);
