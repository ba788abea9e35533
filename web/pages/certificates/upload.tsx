// Upload: files that are dropped or chosen, or a text that is pasted, sorted out by itself, and looked at by
// the gateway before anything is kept.
import { useSignal } from '@preact/signals'
import { useHeld } from '../../data/held.ts'
import type { CertificateResource } from '../../data/certificates.ts'
import type { Problem } from '../../data/problem.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { AreaField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { Code } from '../../parts/words.tsx'
import { DropZone } from './drop-zone.tsx'
import { Found } from './found.tsx'
import { useListeners } from './listeners.ts'
import { convertPfx, nameFor } from './pem-parts.ts'
import { Refused } from './refused.tsx'
import { onlyOne, ServeOn } from './serve-on.tsx'
import { keep } from './uploading.ts'
import { type PutIn as PutInPair, usePair } from './use-pair.ts'

export const NAME = /^[A-Za-z0-9_.-]{1,63}$/

export interface UploadProps {
  /** The one that it takes the place of; null: it is a new one. */
  readonly replaced: CertificateResource | null
  readonly onClose: () => void
}

export function Upload({ replaced, onClose }: UploadProps) {
  const { go } = useAddress()
  const pair = usePair(replaced?.live === undefined ? null : replaced.id)
  const typedName = useSignal<string | null>(null)
  const chosen = useSignal<readonly string[] | null>(null)
  const problem = useSignal<Problem | null>(null)
  const isBusy = useSignal(false)
  const known = useHeld('GET /api/v1/certificates', {}, { isWhole: true }).value.value
  const listeners = useListeners()
  const { checked, parts } = pair
  const taken = known?.items.map(({ id }) => id) ?? []
  const name = replaced?.id ?? typedName.value ?? nameFor(checked?.certificate?.names ?? [], taken)
  const servedBy = chosen.value ?? onlyOne(listeners)
  const why = pair.why ?? (replaced === null ? whyNoName(name, taken) : null)
  const use = async (): Promise<void> => {
    isBusy.value = true
    const serving = replaced === null ? (listeners ?? []).filter((one) => servedBy.includes(one.name)) : []
    const chain = checked?.ordered ?? parts.chain
    const answer = await keep({ name, pair: { chain, key: pair.key }, etag: replaced?.etag ?? null, serving })
    isBusy.value = false
    problem.value = answer.ok ? null : answer.problem
    if (!answer.ok) return
    pair.clear()
    go(to(`/certificates/${segment(name)}`))
  }
  return (
    <Drawer
      title={
        replaced === null ? 'Upload a certificate' : `Upload for ${replaced.live?.names[0] ?? replaced.id}`
      }
      onClose={onClose}
      actions={
        <>
          <Button
            kind="ink"
            needs="editor"
            disabledWhy={why}
            isBusy={isBusy.value}
            busyWord="Putting it in"
            onPress={() => void use()}
          >
            Use from now on
          </Button>
          {why === null && <span class="small quiet">{consequenceOf(replaced, servedBy)}</span>}
        </>
      }
    >
      <PutIn pair={pair} />
      <Found pair={pair} />
      {replaced === null && (
        <>
          <Field
            label="Name"
            help="What the config calls it."
            error={typedName.value === null ? null : whyNoName(name, taken)}
          >
            <TextField isMono value={name} onInput={(next) => (typedName.value = next)} />
          </Field>
          <ServeOn listeners={listeners} chosen={servedBy} onPick={(next) => (chosen.value = next)} />
        </>
      )}
      <Refused problem={problem.value} onWritten={() => void use()} />
    </Drawer>
  )
}

/** What is put in: by file or as text. */
function PutIn({ pair }: { readonly pair: PutInPair }) {
  return (
    <>
      <DropZone files={pair.files} onFiles={(files) => void pair.read(files)} />
      <Field
        label="Or paste"
        right={
          (pair.text !== '' || pair.key !== '') && (
            <Button kind="quiet" size="sm" icon="undo" onPress={() => pair.clear()}>
              Begin again
            </Button>
          )
        }
        isGroup
        help="Certificate, chain and key as PEM, in any order. The key is not shown again, and not kept in this browser."
      >
        <AreaField
          isMono
          rows={4}
          label="Certificate, chain and key as PEM"
          value={pair.text}
          placeholder={'-----BEGIN CERTIFICATE-----\n…'}
          onInput={(next) => pair.put(next)}
        />
      </Field>
      {pair.pfx !== null && (
        <Note state="warn" title={`${pair.pfx} is a PFX (PKCS #12), which is not read here`}>
          <p>Take chain and key out of it, and upload what that writes; it asks for the file’s password.</p>
          <Code text={convertPfx(pair.pfx)} isCopied />
        </Note>
      )}
    </>
  )
}

export function whyNoName(name: string, taken: readonly string[]): string | null {
  if (!NAME.test(name)) return 'A name has letters, digits, “_”, “.” and “-”, up to 63.'
  return taken.includes(name) ? `There is a certificate “${name}” already.` : null
}

function consequenceOf(replaced: CertificateResource | null, servedBy: readonly string[]): string {
  if (replaced !== null)
    return 'New handshakes get it at once; connections that stand go on. One press undoes it.'
  return servedBy.length === 0
    ? 'It is kept and named in the file; nobody serves it yet.'
    : `Served by ${servedBy.join(', ')} to new handshakes at once. One press undoes it.`
}
