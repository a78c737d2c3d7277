/** The icon of the pages: a list with a note, in a colour that is legible on light and dark tabs. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="7" fill="#2f6f8f"/>
<g fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round">
<path d="M7 10h11M7 16h8M7 22h6M22 22V9l4 2"/>
</g>
<circle cx="19.5" cy="22" r="3" fill="#fff"/>
</svg>
`
