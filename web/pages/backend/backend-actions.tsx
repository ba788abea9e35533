// What is done with a backend as a whole.
import { useSignal } from '@preact/signals'
import { checkNow, forEach } from '../../data/server-orders.ts'
import { Button } from '../../parts/button.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { usePageKeys } from '../../parts/use-page-keys.ts'
import { to } from '../../data/urls.ts'
import type { BackendResource } from './backend-fields.ts'
import type { Scene } from './order-words.ts'
import { runningOf } from './server-rows.ts'
import css from './backend-actions.module.css'

export interface BackendActionsProps {
  readonly resource: BackendResource
  readonly scene: Scene
}

export function BackendActions({ resource, scene }: BackendActionsProps) {
  const { put } = useAddress()
  const add = (): void => put({ new: 'server' })
  usePageKeys({ n: add })
  const done = useSignal<number | null>(null)
  const said = useSignal<string | null>(null)
  const servers = runningOf(scene.rows).map(({ id }) => id)
  const check = async (): Promise<void> => {
    said.value = null
    done.value = 0
    const answers = await forEach(
      servers,
      (id) => checkNow(scene.backend, id),
      (n) => (done.value = n),
    )
    done.value = null
    const passed = answers.filter((one) => one.ok && one.value.result === 'pass').length
    const refused = answers.find((one) => !one.ok)
    said.value =
      refused !== undefined && !refused.ok
        ? refused.problem.detail
        : passed === servers.length
          ? `All ${servers.length} passed`
          : `${passed} of ${servers.length} passed`
  }
  const { line, file } = resource.place
  return (
    <>
      <span role="status" class={said.value === null ? 'sr' : css.said}>
        {said.value}
      </span>
      <a class={css.place} href={to(`/config?line=${line}`)} title={`${file}, line ${line}`}>
        {file.split('/').at(-1)}:{line}
      </a>
      <Button
        icon="refresh"
        needs="operator"
        isBusy={done.value !== null}
        busyWord={`Checking ${Math.min((done.value ?? 0) + 1, servers.length)} of ${servers.length}`}
        onPress={() => void check()}
      >
        Check all now
      </Button>
      <Button icon="plus" needs="editor" onPress={add}>
        Server
      </Button>
      <Button needs="editor" onPress={() => put({ new: 'rollout' })}>
        Roll out…
      </Button>
    </>
  )
}
