// A page that React makes. Its script inserts HubSpot's tag in the browser, so the tag is not in the server's HTML.
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";

const { loader } = document.currentScript.dataset;

function useHubSpot() {
  useEffect(() => {
    const script = document.createElement("script");
    script.id = "hs-script-loader";
    script.async = true;
    script.src = loader;
    document.head.append(script);
  }, []);
}

function Page() {
  useHubSpot();
  const [bells, setBells] = useState(0);
  return (
    <main>
      <h1>Bells</h1>
      <p>React makes this page in the browser, and its script brings HubSpot&rsquo;s tag.</p>
      <button type="button" onClick={() => setBells(bells + 1)}>
        Ring: {bells}
      </button>{" "}
      <button type="button" onClick={() => window.HubSpotConversations?.widget.open()}>
        Ask about bells
      </button>
      <p>
        <a href="/">Back to the workshop</a>
      </p>
    </main>
  );
}

createRoot(document.getElementById("root")).render(<Page />);
