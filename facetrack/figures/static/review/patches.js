/* What actions change at once, before the server has answered: see store.js. */

export function named(number, name) {
  return { people: (list) => change(list, number, () => ({ name })) };
}

export function hidden(number, isHidden) {
  return { people: (list) => change(list, number, () => ({ hidden: isHidden })) };
}

export function merged(numbers, into) {
  const others = new Set(numbers.filter((number) => number !== into));
  return {
    people(list) {
      const gone = list.filter((person) => others.has(person.number));
      const left = list.filter((person) => !others.has(person.number));
      const name = gone.find((person) => person.name)?.name ?? null;
      return change(left, into, (person) => ({
        name: person.name ?? name,
        faces: sum([person, ...gone], "faces"),
        photos: sum([person, ...gone], "photos"),
        doubtful: sum([person, ...gone], "doubtful"),
      }));
    },
  };
}

/** faces: of one person each, whose number they have. place: {number, id, name} of where they go. */
export function moved(faces, place) {
  return {
    moved: { faces: faces.map((face) => ({ ...face, number: place.number })), ...place },
    people(list) {
      const taken = new Map();
      for (const face of faces) {
        taken.set(face.number, [...(taken.get(face.number) ?? []), face]);
      }
      let after = list;
      for (const [number, gone] of taken) {
        after = change(after, number, (person) => ({
          faces: person.faces - gone.length,
          photos: Math.max(0, person.photos - gone.length),
          doubtful: Math.max(0, person.doubtful - gone.filter((face) => face.doubtful).length),
        }));
      }
      after = change(after, place.number, (person) => ({
        faces: person.faces + faces.length,
        photos: person.photos + faces.length,
      }));
      return after.filter((person) => person.faces > 0);
    },
  };
}

function change(list, number, what) {
  return list.map((person) =>
    person.number === number ? { ...person, ...what(person) } : person);
}

function sum(list, key) {
  return list.reduce((total, person) => total + person[key], 0);
}
