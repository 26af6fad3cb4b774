// Drives Firefox over WebDriver BiDi for test_firefox.py. Each line of input is {"code": the body of an async function of
// (page, urls, sleep)}, and each line of output is its result or its error. Each function runs in a new profile. Requests
// to other machines are answered here and never leave this one; `urls` lists them.
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const [, , folder, executablePath] = process.argv;
const { default: puppeteer } = await import(pathToFileURL(`${folder}/lib/puppeteer/puppeteer-core.js`));
// A machine without a mouse would count as a touch screen: 6 stands for a precise pointer that can hover.
const extraPrefsFirefox = { "ui.primaryPointerCapabilities": 6 };
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, extraPrefsFirefox });
const sleep = (time) => new Promise((done) => setTimeout(done, time));
console.log(JSON.stringify({ value: await browser.version() }));
for await (const line of createInterface({ input: process.stdin })) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const urls = [];
  page.setDefaultTimeout(60000);
  await page.setRequestInterception(true);
  page.on("request", (request) => {
    const url = new URL(request.url());
    if (url.hostname === "127.0.0.1" || url.protocol === "data:") return request.continue();
    urls.push(url.href);
    const body = url.pathname.endsWith(".js") ? `(window.came ??= []).push(${JSON.stringify(url.href)})` : "";
    return request.respond({ status: 200, contentType: url.pathname.endsWith(".js") ? "text/javascript" : "text/html", body });
  });
  const answer = {};
  try {
    const { code } = JSON.parse(line);
    answer.value = await new (async () => {}).constructor("page", "urls", "sleep", code)(page, urls, sleep);
  } catch (error) {
    answer.error = String(error?.stack ?? error);
  }
  console.log(JSON.stringify(answer));
  await context.close();
}
await browser.close();
