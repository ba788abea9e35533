// What was put in so far, read and looked at: the chain stays visible, a key is read once and never shown.
import { useEffect, useState } from 'preact/hooks'
import type { CheckedCertificate } from '../../data/api-types.ts'
import type { Problem } from '../../data/problem.ts'
import { can } from '../../data/session.ts'
import { isPfxFile, type PemParts, pemParts, withoutKeys } from './pem-parts.ts'
import { examine } from './uploading.ts'

/** Of a key and a chain far more than enough; larger files are none. */
const FILE_BYTES_MAX = 512 * 1024
const LOOK_AFTER_MS = 200

export interface PutIn {
  /** As the field shows it. */
  readonly text: string
  readonly key: string
  readonly parts: PemParts
  readonly files: readonly string[]
  /** The name of a file that is PKCS #12. */
  readonly pfx: string | null
  readonly strange: string | null
  /** Null: not looked at yet. */
  readonly checked: CheckedCertificate | null
  readonly problem: Problem | null
  readonly isLooking: boolean
  /** Why it cannot be used; null: it can. */
  readonly why: string | null
  put(text: string): void
  read(files: readonly File[]): Promise<void>
  clear(): void
}

interface Written {
  readonly text: string
  readonly key: string
  readonly files: readonly string[]
  readonly pfx: string | null
  readonly strange: string | null
}
const NOTHING: Written = { text: '', key: '', files: [], pfx: null, strange: null }

interface Looked {
  readonly checked: CheckedCertificate | null
  readonly problem: Problem | null
  readonly isLooking: boolean
}
const NOT_LOOKED: Looked = { checked: null, problem: null, isLooking: false }

export function usePair(replaces: string | null): PutIn {
  const [written, setWritten] = useState(NOTHING)
  const [looked, setLooked] = useState(NOT_LOOKED)
  const parts = pemParts(written.text)
  const { key } = written
  useEffect(() => {
    if (parts.chain === '' || !can('edit')) return setLooked(NOT_LOOKED)
    setLooked((before) => ({ ...before, isLooking: true }))
    const stop = new AbortController()
    const timer = setTimeout(() => {
      void examine({ chain: parts.chain, key }, replaces, stop.signal).then((answer) => {
        if (stop.signal.aborted) return
        setLooked({
          checked: answer.ok ? answer.value : null,
          problem: answer.ok ? null : answer.problem,
          isLooking: false,
        })
      })
    }, LOOK_AFTER_MS)
    return () => (clearTimeout(timer), stop.abort())
  }, [parts.chain, key, replaces])
  const take = (before: Written, text: string): Written => {
    const { key: found, isPfx } = pemParts(text)
    const pfx = isPfx ? 'FILE.pfx' : null
    return { ...before, text: isPfx ? '' : withoutKeys(text), key: found === '' ? before.key : found, pfx }
  }
  return {
    ...written,
    ...looked,
    parts,
    why: whyNot(written, parts, looked),
    put: (text) => setWritten((before) => take(before, text)),
    read: async (files) => {
      for (const file of files) {
        const head = new Uint8Array(await file.slice(0, 2).arrayBuffer())
        if (isPfxFile(file.name, head)) setWritten((before) => ({ ...before, pfx: file.name }))
        else if (file.size > FILE_BYTES_MAX)
          setWritten((before) => ({ ...before, strange: `${file.name} is too large for a certificate.` }))
        else {
          const text = await file.text()
          const { isNothing } = pemParts(text)
          setWritten((before) =>
            isNothing
              ? { ...before, strange: `${file.name} has neither a certificate nor a key as PEM.` }
              : {
                  ...take(before, before.text === '' ? text : `${before.text.trimEnd()}\n${text}`),
                  files: [...before.files, file.name],
                  strange: null,
                },
          )
        }
      }
    },
    clear: () => setWritten(NOTHING),
  }
}

function whyNot(
  { key, text }: Written,
  parts: PemParts,
  { checked, isLooking, problem }: Looked,
): string | null {
  if (text === '' && key === '') return 'Nothing is put in yet'
  if (parts.chain === '') return 'needs the certificate of that key'
  if (key === '') return 'needs the private key'
  if (problem !== null) return problem.title
  if (checked === null || isLooking) return 'being looked at'
  if (checked.usable) return null
  const first = checked.findings.find(({ level }) => level === 'error')
  return first?.code === 'key_mismatch'
    ? 'needs the right key; nothing is changed until then'
    : 'it cannot be served as it is'
}
