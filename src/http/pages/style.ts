import { hash } from 'node:crypto'

/** A drawn note, for playlists without a cover. */
const PLACEHOLDER = `url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 64 64' fill='none' stroke='%23808890' stroke-width='2.5' stroke-linecap='round' stroke-linejoin='round'%3E%3Cpath d='M26 42V20l18-4v22'/%3E%3Ccircle cx='21.5' cy='42' r='4.5'/%3E%3Ccircle cx='39.5' cy='38' r='4.5'/%3E%3C/svg%3E")`

/** The style sheet for all pages. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa;
  --raised: #ffffff;
  --sunken: #ecedeb;
  --line: #d7d9d6;
  --edge: #767b78;
  --text: #1d2021;
  --muted: #565c5e;
  --link: #1b5f80;
  --accent: #1b5f80;
  --on-accent: #ffffff;
  --good: #1e6b3c;
  --bad: #9c2f22;
  --note: #fdf3d9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15181a;
    --raised: #1d2123;
    --sunken: #272c2f;
    --line: #363c3f;
    --edge: #858c90;
    --text: #e6e8e8;
    --muted: #a5acaf;
    --link: #86c3e0;
    --accent: #86c3e0;
    --on-accent: #10242e;
    --good: #7fcf9c;
    --bad: #f2a097;
    --note: #33301f;
  }
}
*, ::before, ::after { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  min-height: 100vh; margin: 0; display: flex; flex-direction: column;
  background: var(--page); color: var(--text);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  overflow-wrap: anywhere;
}
header, main, footer { width: 100%; max-width: 76rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2rem); }
header { padding-top: 1rem; padding-bottom: 1rem; }
header a { color: var(--text); font-weight: 600; text-decoration: none; }
header a:hover { text-decoration: underline; }
main { flex: 1; padding-bottom: 3rem; }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--muted); font-size: .9rem; }
footer::before { content: ""; display: block; border-top: 1px solid var(--line); margin-bottom: 1rem; }
footer p { margin: 0 0 .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; margin: 0; padding: 0; list-style: none; }
a { color: var(--link); text-underline-offset: .15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
h1 { margin: 1rem 0 .5rem; font-size: clamp(1.5rem, 1.2rem + 1.5vw, 2.1rem); line-height: 1.2; text-wrap: balance; }
h1 small { display: inline-block; color: var(--muted); font-size: .6em; font-weight: 400; }
h2 { margin: 2rem 0 .5rem; font-size: 1.15rem; line-height: 1.3; }
p { margin: 0 0 1rem; max-width: 42rem; }
bdi { display: inline-block; max-width: 100%; }
code { font: .92em/1.4 ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; }
.muted { color: var(--muted); }
.lead { font-size: 1.15rem; }
.note { max-width: 42rem; padding: .75rem 1rem; border-left: 4px solid var(--edge); background: var(--note); }
.good { color: var(--good); }
.bad { color: var(--bad); }

form { max-width: 42rem; margin: 1.5rem 0; }
label { display: block; margin-bottom: .4rem; font-weight: 600; }
form div { display: flex; flex-wrap: wrap; gap: .5rem; }
input, button { min-height: 2.75rem; padding: .5rem .8rem; border-radius: .4rem; font: inherit; }
input {
  flex: 1 1 16rem; min-width: 0; border: 1px solid var(--edge);
  background: var(--raised); color: var(--text);
}
input[aria-invalid] { border: 2px solid var(--bad); }
button {
  border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent);
  font-weight: 600; cursor: pointer;
}
button.secondary { background: transparent; color: var(--link); }
button:hover { filter: brightness(1.08); }
summary { min-height: 2.75rem; padding: .6rem 0; font-weight: 600; cursor: pointer; }
.error { margin: .6rem 0 0; color: var(--bad); }
.hint { margin: .6rem 0 0; color: var(--muted); font-size: .95rem; }

dl { display: grid; grid-template-columns: minmax(10rem, max-content) 1fr; gap: .35rem 1.5rem; margin: 0 0 1rem; max-width: 60rem; }
dt { color: var(--muted); }
dd { margin: 0; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem 1rem .5rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
tr > :last-child { padding-right: 0; }
th { color: var(--muted); font-weight: 600; }
th, td code { overflow-wrap: normal; }
meter { display: block; width: 100%; max-width: 20rem; height: .9rem; margin: .2rem 0; }
@media (max-width: 36rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .6rem; }
}

.grid {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(min(9.5rem, 100%), 1fr));
  gap: 1.75rem 1.25rem; margin: 1.5rem 0; padding: 0; list-style: none;
}
.grid li { position: relative; min-width: 0; }
.cover {
  aspect-ratio: 1; margin-bottom: .6rem; overflow: hidden; border-radius: .35rem;
  background: var(--sunken) center / 55% no-repeat ${PLACEHOLDER};
}
.cover img { display: block; position: relative; width: 100%; height: 100%; object-fit: contain; }
/* Browsers show the ::after of an image only if the image fails to load. */
.cover img::after {
  content: ""; position: absolute; inset: 0;
  background: var(--sunken) center / 55% no-repeat ${PLACEHOLDER};
}
.grid h2 {
  margin: 0; font-size: 1rem; font-weight: 600;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden;
}
/* Right-to-left texts, too, begin below the left edge of their cover. */
.grid [dir] { text-align: left; }
.grid h2 a { color: var(--text); text-decoration: none; }
.grid h2 a::after { content: ""; position: absolute; inset: 0; }
.grid h2 a:hover { text-decoration: underline; }
.grid h2 a:focus-visible { outline: none; }
.grid li:focus-within h2, .grid li:hover h2 { -webkit-line-clamp: none; }
.grid h2 a:focus-visible::after { outline: 3px solid var(--accent); outline-offset: 4px; border-radius: .35rem; }
.grid p {
  margin: .2rem 0 0; color: var(--muted); font-size: .875rem; line-height: 1.4;
  display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden;
}
.grid bdi, a bdi { display: inline; }
.pages { margin: 2rem 0; }
.pages ul { justify-content: space-between; }
.pages a { display: inline-block; padding: .6rem 1rem; border: 1px solid var(--edge); border-radius: .4rem; text-decoration: none; }
.pages a:hover { background: var(--sunken); }
`

/** The style sheet path. It changes with the content, so clients may cache the style sheet forever. */
export const STYLE_PATH = `/assets/style-${hash('sha256', STYLE, 'base64url').slice(0, 12)}.css`
