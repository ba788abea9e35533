// The three states of a server: what was ordered of it, what was found of it, and what it has under way.
import { useEffect, useState } from 'preact/hooks'
import { number } from '../../data/say.ts'
import { shownAdmin, shownOperation } from '../../data/servers.ts'
import { to } from '../../data/urls.ts'
import { Status } from '../../parts/status.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { Copy } from '../../parts/words.tsx'
import { GuardStates } from './guards.tsx'
import { HealthSaid } from './health-said.tsx'
import { OrderPopover } from './order-popover.tsx'
import type { Scene } from './order-words.ts'
import { PersistWeight } from './persist-weight.tsx'
import { AboutOrder, ObservedWords, OrderWords } from './server-columns.tsx'
import css from './server-drawer.module.css'
import type { ServerRow } from './server-rows.ts'

/** What an address may ask to be ordered. */
const ORDERED = ['drain', 'maintenance', 'ready'] as const

export function ServerStates({ scene, row }: { readonly scene: Scene; readonly row: ServerRow }) {
  const { live } = row
  const { wanted, times } = useWanted()
  if (live === null) return null
  const [admin, seen] = [shownAdmin(live.admin), shownOperation(live)]
  const weightOrder = live.orders?.find(({ kind }) => kind === 'weight')
  return (
    <dl class={css.states}>
      <dt>Address</dt>
      <dd>
        <Copy text={row.fields.url} label="address" isShown />
      </dd>
      <dt>Ordered</dt>
      <dd>
        <Status state={admin.look} word={admin.word} isQuiet={live.admin === 'ready'} />
        {(live.orders ?? []).map((order) => (
          <small key={order.kind}>
            <AboutOrder order={order} />
            <OrderWords order={order} />
          </small>
        ))}
        <span class={css.acts}>
          <OrderPopover
            key={times}
            scene={scene}
            servers={[row.id]}
            choice={wanted ?? (live.admin === 'ready' ? 'drain' : 'ready')}
            isOpenAtFirst={wanted !== undefined}
            button={{ words: live.admin === 'ready' ? 'Drain' : 'Ready' }}
          />
          <OrderPopover scene={scene} servers={[row.id]} choice="weight" button={{ words: 'Weight' }} />
          {weightOrder !== undefined && (
            <PersistWeight backend={scene.backend} server={row.id} order={weightOrder} />
          )}
        </span>
      </dd>
      <dt>Observed</dt>
      <dd>
        <Status state={seen.look} word={seen.word} isQuiet={seen.look === 'up' || seen.look === 'unk'} />
        <small>
          <ObservedWords live={live} />
        </small>
        <HealthSaid backend={scene.backend} server={row.id} live={live} />
      </dd>
      <GuardStates scene={scene} server={row.id} live={live} />
      <dt>In flight</dt>
      <dd>
        <span>
          {number(live.active_connections)}
          {row.max !== null && <span class="quiet"> of {number(row.max)}</span>}
        </span>
        {live.admin !== 'ready' && (
          <small>
            {live.active_connections === 0
              ? 'Nothing is left: it can be stopped.'
              : 'It falls as they finish.'}
          </small>
        )}
      </dd>
      <dt>Since the start</dt>
      <dd>
        {number(live.total_requests)} requests, {number(live.failed_requests)} failed
        <a
          class="link small"
          href={to(
            `/activity/requests?backend=${encodeURIComponent(scene.backend)}&server=${encodeURIComponent(row.id)}`,
          )}
        >
          Look at its requests
        </a>
      </dd>
    </dl>
  )
}

/** What the palette leads here to order: asked about once, and then gone from the address. */
function useWanted() {
  const { query, put } = useAddress()
  const order = ORDERED.find((one) => one === query['order'])
  const [now, setNow] = useState({ wanted: order, times: 0 })
  useEffect(() => {
    if (order === undefined) return
    setNow(({ times }) => ({ wanted: order, times: times + 1 }))
    put({ order: undefined }, 'replace')
  }, [order])
  return now
}
