// Takes a certificate out of the file, by the draft: together with its name in the listeners that serve it.
import { useSignal } from '@preact/signals'
import { discard, remove } from '../../data/draft.ts'
import { type CertificateResource, userWord } from '../../data/certificates.ts'
import type { JsonMap } from '../../data/merge.ts'
import { list } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import { useAddress } from '../../parts/use-address.ts'
import type { CertificateRow } from './certificate-rows.ts'
import { draftWithout, keepServing, type ServingListener, useListeners } from './listeners.ts'

export interface RemovalProps {
  readonly row: CertificateRow
  readonly resource: CertificateResource
}

export function Removal({ row, resource }: RemovalProps) {
  const isAsked = useSignal(false)
  const own = `certificates/${encodeURIComponent(resource.id)}`
  const listeners = useListeners() ?? []
  const keep = (): void => {
    discard(own)
    keepServing(resource.id, listeners)
  }
  if (row.draft === 'removed')
    return (
      <Button icon="undo" onPress={keep}>
        Keep it
      </Button>
    )
  return (
    <>
      <Button kind="danger" icon="trash" needs="editor" isWhyHidden onPress={() => (isAsked.value = true)}>
        Remove
      </Button>
      {isAsked.value && (
        <Ask row={row} resource={resource} own={own} onClose={() => (isAsked.value = false)} />
      )}
    </>
  )
}

function Ask({
  row,
  resource,
  own,
  onClose,
}: RemovalProps & { readonly own: string; readonly onClose: () => void }) {
  const { go } = useAddress()
  const users = usersOf(resource.id, useListeners() ?? [])
  const left = users.filter(({ certificates }) => certificates.length === 1)
  const act = (): void => {
    draftWithout(resource.id, users)
    remove(own, { etag: resource.etag, configured: resource.configured as JsonMap })
    onClose()
    go(to('/review'))
  }
  const why = left.length === 0 ? null : `Listener ${list(left.map(({ name }) => name))} would have none left`
  return (
    <Dialog
      title={`Remove ${row.title}?`}
      onClose={onClose}
      onSubmit={why === null ? act : undefined}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="danger" type="submit" disabledWhy={why}>
            Review the removal
          </Button>
        </>
      }
    >
      <p>{consequence(row, resource, users)}</p>
      {left.length > 0 && <p>Give it another certificate first, or take that listener away.</p>}
      <p class="quiet">It goes into the draft. Nothing changes before that is applied; its files stay.</p>
    </Dialog>
  )
}

const usersOf = (name: string, listeners: readonly ServingListener[]): ServingListener[] =>
  listeners.filter(({ certificates }) => certificates.includes(name))

function consequence(
  row: CertificateRow,
  resource: CertificateResource,
  users: readonly ServingListener[],
): string {
  const others = row.usedBy.filter((user) => !users.some(({ name }) => name === userWord(user)))
  const used = [...users.map(({ name }) => name), ...others.map(userWord)]
  if (used.length === 0) return `No listener serves ${resource.id}.`
  const names = resource.live?.names ?? []
  const who = names.length === 0 ? 'its names' : list(names.slice(0, 3))
  return `In use by ${list(used)}: clients that ask for ${who} will get another certificate there, and warn of it.`
}
