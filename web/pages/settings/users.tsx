// Who may sign in: a list, and beside it the one that is open or a new one.
import { useLocation } from 'preact-iso/router'
import type { User } from '../../data/api-types.ts'
import { useHeld } from '../../data/held.ts'
import { number } from '../../data/say.ts'
import { me } from '../../data/session.ts'
import { queryOf, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { FilterBox } from '../../parts/choices.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Beside } from '../../parts/overlays.tsx'
import { Panel } from '../../parts/panel.tsx'
import { Status, Tag } from '../../parts/status.tsx'
import { type Column, SecondLine, Table } from '../../parts/table.tsx'
import { Age, Time } from '../../parts/time.tsx'
import { usePageKeys } from '../../parts/use-page-keys.ts'
import { NewUser } from './new-user.tsx'
import { ROLES } from './role-words.ts'
import css from './settings.module.css'
import { Unread } from './use-doing.tsx'
import { UserDrawer } from './user-drawer.tsx'

export function Users() {
  const { query, route } = useLocation()
  const { value, problem } = useHeld('GET /api/v1/users', {}, { topics: ['auth'], everyMs: 30_000 }).value
  const filter = query['filter'] ?? ''
  const go = (next: { user?: string; new?: string; filter?: string }, isReplaced = false): void =>
    route(to(`/settings/users${queryOf({ ...(filter !== '' && { filter }), ...next })}`), isReplaced)
  const users = value?.items ?? []
  const open = users.find(({ name }) => name === query['user'])
  const isAlone = users.filter(({ role }) => role === 'admin').length === 1
  const add = (): void => go({ new: '1' })
  usePageKeys({ n: add })
  const drawer =
    query['new'] !== undefined ? (
      <NewUser onClose={() => go({})} onOpen={(user) => go({ user })} />
    ) : (
      open !== undefined && (
        <UserDrawer
          key={open.name}
          user={open}
          isLastAdmin={isAlone && open.role === 'admin'}
          onClose={() => go({})}
        />
      )
    )
  return (
    <Beside drawer={drawer}>
      <Panel
        isFlush
        title="Users"
        count={value === null ? undefined : number(users.length)}
        end={
          <>
            <FilterBox
              value={filter}
              hint="name or role"
              onInput={(next) => go({ filter: next === '' ? undefined : next } as { filter?: string }, true)}
            />
            <Button kind="ink" icon="plus" onPress={add}>
              Add a user
            </Button>
          </>
        }
      >
        {value === null && problem !== null && <Unread problem={problem} />}
        {value === null ? (
          problem === null && <Loading lines={3} />
        ) : (
          <Table
            columns={COLUMNS}
            rows={users}
            keyOf={({ name }) => name}
            caption="Users"
            filter={filter}
            rowHeight={48}
            openKey={open?.name ?? null}
            onOpen={({ name }) => go({ user: name })}
          />
        )}
      </Panel>
    </Beside>
  )
}

const COLUMNS: readonly Column<User>[] = [
  {
    ...{ key: 'name', head: 'Name', sort: ({ name }) => name, text: ({ name, role }) => `${name} ${role}` },
    cell: ({ name, created_by: by, created_at: at }) => (
      <div class={css.who}>
        <span class="row">
          <a class="name cut" href={to(`/settings/users${queryOf({ user: name })}`)}>
            {name}
          </a>
          {me.value?.name === name && <Tag>you</Tag>}
        </span>
        <SecondLine>
          added by {by}, <Time at={at} />
        </SecondLine>
      </div>
    ),
  },
  {
    ...{
      key: 'role',
      head: 'Role',
      width: '110px',
      sort: ({ role }) => ROLES.findIndex((one) => one === role),
    },
    cell: ({ role }) => role,
  },
  {
    ...{ key: 'how', head: 'Signs in with', onCard: 'wide' },
    cell: (user) => <Ways user={user} />,
  },
  {
    ...{ key: 'last', head: 'Last sign-in', width: '130px', isNumber: true },
    sort: ({ last_sign_in_at: at }) => (at === null ? null : Date.parse(at)),
    cell: ({ last_sign_in_at: at }) =>
      at === null ? (
        <span class="quiet">never</span>
      ) : (
        <span>
          <Age at={at} /> ago
        </span>
      ),
  },
]

/** How they come in, and what keeps them out. */
function Ways({ user }: { readonly user: User }) {
  if (user.locked_until !== null)
    return (
      <div>
        <Status state="warn" word="Locked out" />
        <SecondLine>
          for <Age at={user.locked_until} />, from one address or more
        </SecondLine>
      </div>
    )
  if (!user.has_password) return <Status state="unk" word="one-time link" isQuiet />
  return <span class="supporting">{user.totp ? 'password and app' : 'password'}</span>
}
