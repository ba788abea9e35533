/** The words of a line as a shell reads them, the last one as far as it was typed: empty behind a space. */
export function splitLine(line: string): string[] {
  const words: string[] = []
  let word: string | null = null
  let quote = ''
  for (let at = 0; at < line.length; at++) {
    const char = line[at] ?? ''
    if (quote === "'" ? char === "'" : quote === '"' && char === '"') quote = ''
    else if (quote === "'") word = `${word ?? ''}${char}`
    else if (char === '\\') word = `${word ?? ''}${line[++at] ?? ''}`
    else if (quote === '' && (char === '"' || char === "'")) [quote, word] = [char, word ?? '']
    else if (quote === '' && /\s/.test(char)) {
      if (word !== null) words.push(word)
      word = null
    } else word = `${word ?? ''}${char}`
  }
  return [...words, word ?? '']
}
