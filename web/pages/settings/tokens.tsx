// API tokens: a list, and beside it the one that is open or a new one.
import { useLocation } from 'preact-iso/router'
import type { Token } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { list, number } from '../../data/say.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Empty, Loading } from '../../parts/empty.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Column, SecondLine, Table } from '../../parts/table.tsx'
import { Age } from '../../parts/time.tsx'
import { usePageKeys } from '../../parts/use-page-keys.ts'
import { NewToken } from './new-token.tsx'
import css from './settings.module.css'
import { TokenDrawer } from './token-drawer.tsx'
import { Ends } from './token-ends.tsx'
import { Unread } from './use-doing.tsx'

export function Tokens() {
  const { query, route } = useLocation()
  const { value, problem } = useHeld('GET /api/v1/tokens', {}, { topics: ['auth'], everyMs: 30_000 }).value
  const filter = query['filter'] ?? ''
  const go = (next: { token?: string; new?: string } = {}): void =>
    route(to(`/settings/tokens${queryOf({ ...(filter !== '' && { filter }), ...next })}`))
  const find = (next: string): void =>
    route(to(`/settings/tokens${queryOf(next === '' ? {} : { filter: next })}`), true)
  const tokens = value?.items ?? []
  const open = tokens.find(({ id }) => id === query['token'])
  const make = (): void => go({ new: '1' })
  usePageKeys({ n: make })
  const add = (
    <Button kind="ink" icon="plus" onPress={make}>
      Make a token
    </Button>
  )
  return (
    <Beside
      drawer={
        query['new'] !== undefined ? (
          <NewToken onClose={() => go()} />
        ) : (
          open !== undefined && <TokenDrawer key={open.id} token={open} onClose={() => go()} />
        )
      }
    >
      <Panel
        isFlush
        title="API tokens"
        count={value === null ? undefined : number(tokens.length)}
        end={
          tokens.length > 0 && (
            <>
              <FilterBox value={filter} hint="name, role or scope" onInput={find} />
              {add}
            </>
          )
        }
      >
        {value === null && problem !== null && <Unread problem={problem} />}
        {value === null ? (
          problem === null && <Loading lines={3} />
        ) : tokens.length === 0 ? (
          <Empty title="No token yet" action={add}>
            A token lets a program ask the API as a role may: a pipeline that drains a server, a monitor that
            reads. On the machine of the gateway <code>sluice admin token</code> makes one too.
          </Empty>
        ) : (
          <Table
            columns={COLUMNS}
            rows={tokens}
            keyOf={({ id }) => id}
            caption="API tokens"
            filter={filter}
            rowHeight={48}
            openKey={open?.id ?? null}
            onOpen={({ id }) => go({ token: id })}
          />
        )}
      </Panel>
    </Beside>
  )
}

const COLUMNS: readonly Column<Token>[] = [
  {
    ...{ key: 'name', head: 'Name', sort: ({ name }) => name },
    text: ({ name, id, created_by: by }) => `${name} ${id} ${by}`,
    cell: ({ id, name, created_by: by, created_at: at }) => (
      <div class={css.who}>
        <a class="name cut" href={to(`/settings/tokens${queryOf({ token: id })}`)}>
          {name}
        </a>
        <SecondLine>
          made by {by}, <Age at={at} /> ago
        </SecondLine>
      </div>
    ),
  },
  {
    ...{ key: 'role', head: 'May', sort: ({ role }) => role, onCard: 'wide' },
    text: ({ role, scopes }) => [role, ...scopes].join(' '),
    cell: ({ role, scopes, ranges }) => (
      <div>
        {role}
        <SecondLine>
          {scopes.length === 0 ? 'everything' : list(scopes)}
          {ranges.length > 0 && `, from ${list(ranges)}`}
        </SecondLine>
      </div>
    ),
  },
  {
    ...{ key: 'used', head: 'Last used', width: '130px', isNumber: true },
    sort: ({ last_used_at: at }) => (at === null ? null : Date.parse(at)),
    cell: ({ last_used_at: at, last_used_from: from }) =>
      at === null ? (
        <span class="quiet">never</span>
      ) : (
        <div>
          <Age at={at} /> ago
          <SecondLine isMono>{from}</SecondLine>
        </div>
      ),
  },
  {
    ...{ key: 'ends', head: 'Ends', width: '110px', isNumber: true },
    sort: ({ expires_at: at }) => (at === null ? null : Date.parse(at)),
    cell: (token) => <Ends token={token} />,
  },
]
