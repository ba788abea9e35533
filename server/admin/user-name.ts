// What a user of this machine is called.
import { readFileSync } from 'node:fs'

/** The name of a uid; `uid N` where the system has none. */
export function userName(uid: number): string {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
    const line = lines.find((one) => one.split(':')[2] === String(uid))
    return line?.split(':')[0] ?? `uid ${uid}`
  } catch {
    return `uid ${uid}`
  }
}
