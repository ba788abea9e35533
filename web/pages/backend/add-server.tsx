// Servers more, pasted as somebody has them at hand; they go into the draft.
import { useSignal } from '@preact/signals'
import { create } from '../../data/draft.ts'
import { readServers } from '../../data/pasted-servers.ts'
import { count } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { AreaField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { PastedList } from '../../parts/pasted-list.tsx'
import type { Scene } from './order-words.ts'
import { listOf } from './server-rows.ts'

export function AddServer({ scene, onClose }: { readonly scene: Scene; readonly onClose: () => void }) {
  const { backend, rows } = scene
  const text = useSignal('')
  const isTried = useSignal(false)
  const scheme = rows[0]?.fields.url.split(':')[0] ?? 'http'
  const { servers, odd } = readServers(text.value, scheme)
  const known = servers.filter((one) =>
    rows.some(({ id, fields }) => id === one.name || fields.url === one.url),
  )
  const error =
    servers.length === 0
      ? 'Write at least one URL.'
      : known.length > 0
        ? `There already: ${known.map(({ name, url }) => name ?? url).join(', ')}.`
        : null
  const add = (): void => {
    isTried.value = true
    if (error !== null || odd.length > 0) return
    for (const server of servers) create(listOf(backend), server)
    onClose()
  }
  return (
    <Drawer
      title={`Add servers to ${backend}`}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="ink" needs="editor" onPress={add}>
            Add {servers.length === 0 ? 'servers' : count(servers.length, 'server')} to the draft
          </Button>
        </>
      }
    >
      <Field
        label="Servers"
        help="One a line: a URL, host:port, or lines pasted from nginx, HAProxy or YAML; weight=3 and name=api-6 behind it."
        error={isTried.value ? error : null}
      >
        <AreaField
          isMono
          rows={6}
          value={text.value}
          placeholder={`${scheme}://192.0.2.16:8080 weight=3`}
          onInput={(next) => (text.value = next)}
        />
      </Field>
      <PastedList servers={servers} odd={odd} />
    </Drawer>
  )
}
