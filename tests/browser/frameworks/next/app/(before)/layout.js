import Script from "next/script";
import { ID, SRC } from "../../parts/loader";

export const metadata = { title: "Shop" };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        {children}
        <Script id={ID} src={SRC} strategy="beforeInteractive" />
      </body>
    </html>
  );
}
