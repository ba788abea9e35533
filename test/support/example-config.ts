// The examples of config/examples as a test can run them: with addresses of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const FOLDER = join(import.meta.dir, '../../config/examples')
/** Their names, without the folders of what they name. */
export const exampleFiles = (): readonly string[] => readdirSync(FOLDER).filter((name) => name.includes('.'))

/** Of the servers in them. */
export const PORTS = [9001, 9002, 9003] as const

/** An example's text with free ports in place of its own. */
export function adapted(file: string, origins: Readonly<Record<number, { readonly port: number }>>): string {
  let text = readFileSync(join(FOLDER, file), 'utf8').replaceAll(
    /(?:0\.0\.0\.0|127\.0\.0\.1):(?:8[04]\d\d|3478|5349)/g,
    '127.0.0.1:0',
  )
  // Addresses of a machine and of its private network.
  text = text.replaceAll('10.0.0.5', '127.0.0.1').replaceAll('10.0.0.20', '127.0.0.20')
  text = text.replaceAll('letsencrypt-staging', '"https://127.0.0.1:1/dir"') // nobody else's CA is asked
  for (const port of PORTS) text = text.replaceAll(`127.0.0.1:${port}`, `127.0.0.1:${origins[port]!.port}`)
  // Its admin listener would take the default port.
  if (file.endsWith('.json')) return text.replace('{', '{ "admin": { "bind": "127.0.0.1:0" },')
  if (file.endsWith('.toml')) return `admin = { bind = "127.0.0.1:0" }\n${text}`
  return `${text}\nadmin: { bind: "127.0.0.1:0" }\n`
}
