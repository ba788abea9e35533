// Certificates that are uploaded: the pair goes into the data folder, for this user alone, and the config
// names its files. The key is never read back.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { uploadedFolder, uploadedPair } from '../../control/uploaded-pair.ts'
import { writeWhole } from '../../lib/write-whole.ts'
import { problem } from '../problem.ts'
import type { KnownConfig } from './known-config.ts'
import type { Operation } from './operations.ts'
import type { SentAs } from './sent-place.ts'

/** What an operation is with its files written. */
export interface Uploaded {
  readonly operation: Operation
  readonly sentAs: readonly SentAs[]
  /** `isServed`: they are named by the config; else they go. */
  readonly settle: (isServed: boolean) => void
}

const PEM_CHARS_MAX = 512 * 1024
const FIELDS = ['certificate_pem', 'private_key_pem']

/** `pointer`: where the value stands in what was sent. */
export function withUploads(
  known: KnownConfig | null,
  operation: Operation,
  pointer = '',
): Uploaded | Response {
  const nothing: Uploaded = { operation, sentAs: [], settle: () => {} }
  if (known === null || !('value' in operation)) return nothing
  const { kind } = 'in' in operation ? operation.in : operation.of
  const sent = operation.value as Readonly<Record<string, unknown>>
  if (kind !== 'certificates' || !FIELDS.some((field) => field in sent)) return nothing
  const { certificate_pem: certificate, private_key_pem: key, ...rest } = sent
  if (!isPem(certificate, 'CERTIFICATE'))
    return notPem(`${pointer}/certificate_pem`, 'a chain of certificates in PEM')
  if (!isPem(key, '(?:[A-Z]+ )?PRIVATE KEY'))
    return notPem(`${pointer}/private_key_pem`, 'its private key in PEM, without passphrase')
  const name = 'of' in operation ? operation.of.id : String(operation.id ?? sent['name'])
  if (!/^[A-Za-z0-9_.-]{1,63}$/.test(name))
    return notPem(`${pointer}/name`, 'a name of letters, digits, "_", "." and "-"')
  const folder = uploadedFolder(known.config.data)
  const files = uploadedPair(known.config.data, name, { cert: certificate, key })
  // The same pair may be served already.
  const isThere = Object.values(files).some((file) => existsSync(file))
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeWhole(files.key, ended(key), { isLasting: true })
    writeWhole(files.cert, ended(certificate), { isLasting: true })
  } catch (error) {
    return problem('data_not_writable', `The pair cannot be kept in ${folder}: ${String(error)}`)
  }
  const value = { ...rest, cert: named(known.file, files.cert), key: named(known.file, files.key) }
  return {
    operation: { ...operation, value },
    sentAs: [
      { sent: 'certificate_pem', field: 'cert', file: value.cert },
      { sent: 'private_key_pem', field: 'key', file: value.key },
    ],
    settle: (isServed) => {
      if (!isServed && !isThere) for (const file of Object.values(files)) rmSync(file, { force: true })
    },
  }
}

const ended = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`)

function isPem(text: unknown, label: string): text is string {
  return (
    typeof text === 'string' &&
    text.length <= PEM_CHARS_MAX &&
    new RegExp(`-----BEGIN ${label}-----`).test(text)
  )
}

/** As the config names files: from its own folder on, where that leads there. */
function named(config: string, file: string): string {
  const path = relative(dirname(resolve(config)), file)
  return path.startsWith('..') ? file : path
}

const notPem = (pointer: string, wanted: string): Response =>
  problem('body_invalid', `${pointer.split('/').at(-1)} is not ${wanted}.`, {
    errors: [{ pointer, code: 'invalid', message: `allowed is ${wanted}` }],
  })
