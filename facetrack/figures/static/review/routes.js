/* Addresses within the page: #/view/part?key=value. */

/** {view, parts, query} of an address; people where it says nothing. */
export function read(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, ...parts] = path.split("/");
  return { view: view || "people", parts, query: new URLSearchParams(query) };
}

export const PEOPLE = "#/people";

export function person(number) {
  return `#/person/${number}`;
}

/** of: the address that the photo was opened from, to which Escape leads back. */
export function photo(id, number = null, of = null) {
  const query = new URLSearchParams();
  if (number !== null) query.set("person", number);
  if (of !== null) query.set("of", of);
  return `#/photo/${id}?${query}`;
}

export function why(first, second) {
  return `#/why/${first}/${second}`;
}

export function photosWith(numbers) {
  return `#/photos?with=${numbers.join(",")}`;
}

export function go(hash) {
  location.hash = hash;
}
