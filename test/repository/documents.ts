// Links and headings of Markdown, as GitHub shows them. Pure.

/** The text without fenced code, where brackets mean nothing. */
const prose = (markdown: string): string => markdown.replace(/^(```|~~~)[\s\S]*?^\1/gm, '');

/** The targets of the links and pictures of a page, as written. */
export function linksOf(markdown: string): string[] {
  const inline = [...prose(markdown).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)];
  const named = [...prose(markdown).matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)];
  return [...inline, ...named].map((match) => match[1] ?? '');
}

/** The anchors that GitHub gives the headings of a page. */
export function anchorsOf(markdown: string): string[] {
  const seen = new Map<string, number>();
  return [...prose(markdown).matchAll(/^#{1,6}\s+(.*)$/gm)].map((match) => {
    const slug = (match[1] ?? '')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const times = seen.get(slug) ?? 0;
    seen.set(slug, times + 1);
    return times === 0 ? slug : `${slug}-${times}`;
  });
}

/** The fenced blocks of one language, without their fences. */
export function codeBlocksOf(markdown: string, language: string): string[] {
  return [...markdown.matchAll(/^( *)```(\S*)\n([\s\S]*?)^\1```$/gm)]
    .filter((match) => match[2] === language)
    .map((match) => match[3] ?? '');
}
