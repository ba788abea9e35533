// How a config file that is gone comes back: the gateway writes nothing where it does not know the folder.

/**
 * A line for the shell of the machine that the gateway runs on. By way of another name: were the text not to
 * be had, an empty file would be read.
 */
export function putBack(file: string, running: { readonly revision: number } | null): string {
  const [name, beside] = [quoted(file), quoted(`${file}.back`)]
  return `sluice history ${running?.revision ?? 1} -c ${name} > ${beside} && mv ${beside} ${name}`
}

const quoted = (word: string): string =>
  /^[\w./@:+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
