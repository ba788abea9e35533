// Where a resource is edited.

/** `backends/api/servers/api-1` → `/backends/api/servers/api-1`; null: it has no page. */
export function pageOfResource(resource: string): string | null {
  const [kind = '', id = '', below, server] = resource.split('/')
  switch (kind) {
    case 'backends':
      return below === 'servers' ? `/backends/${id}/servers/${server}` : `/backends/${id}`
    case 'rules':
      return `/rules?edit=${id}`
    case 'listeners':
      return `/listeners/${id}`
    case 'certificates':
      return `/certificates/${id}`
    default:
      return null
  }
}
