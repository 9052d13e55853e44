//! What an office writes: a management plan, minutes of a council, and a note that all of it is
//! invented. String literals, not files to include: a checkout may change line ends, rustc does not.

/// The note beside the first season's evidence.
pub const ABOUT: &str = "\
EVERYTHING IN THIS FOLDER IS INVENTED

The Vardessa Mountain Reserve does not exist. Its cameras, people, villages
and animals do not exist either. `treering demo` drew the pictures, computed
the sound and wrote the tables, so that the ledger has something to keep.

  camera-traps    pictures by station, as they come off the cards; the
                  cameras write a time but no time zone, and no position
  collars         positions of one lynx, in Movebank's columns; so that
                  nobody goes to look for her, she walks on Lake Geneva
  documents       the management plan and the minutes of the site council
  field-photos    a ranger's phone: it writes time, zone and position
  sound           a recorder at the edge of the forest, times in UTC.
";

/// The plan that all else is measured against.
pub const PLAN: &str = "\
# Management plan 2025-2034

Vardessa Mountain Reserve (invented for a demonstration)
Adopted by the site council on 18 June 2025. In force from 1 July 2025.

## 1. The site

The reserve covers 5,240 hectares of the upper Vardessa valley, from the
larch pastures of Plan Sorva at 1,610 m to the Tarsin ridge at 2,984 m. It
joins two older reserves to one corridor. The villages of Tschavera and
Prazel graze cattle on three alps within it, and have done so since before
there were records.

## 2. Values, and what would count as keeping them

| Value                        | Measure                          | At least |
|------------------------------|----------------------------------|----------|
| Chamois of the Sorva slopes  | animals in the August count      |      140 |
| Lynx                         | adults seen over three winters   |        2 |
| Bearded vulture              | pairs that try to breed          |        1 |
| Raised bog of Palus Naira    | weeks with water within 10 cm    |       40 |
| Song of the upper forest     | species heard at dawn in June    |       18 |
| Larch pastures               | hectares grazed and not cleared  |      310 |
| Summer on the alps           | alps worked by their villages    |        3 |

## 3. Threats, the greatest first

1. Warmer and drier summers: the bog, and snow too late for ptarmigan.
2. Off-trail skiing on the Sorva slopes, where chamois winter.
3. Pastures given up, or cleared of their larches.
4. Poaching: rare, never none.

## 4. What we do

- Three camera traps stay in place all year; cards are changed each season.
- One lynx wears a collar. Her positions are kept, and never published.
- A sound recorder listens at dawn in June and at dusk in September.
- Wardens mark the winter refuge of the Sorva slopes by 1 December.
- The bog's two ditches are closed by 2027, by hand.
- Herders are paid for guarding dogs and for larches left standing.

## 5. Who decides

The site council: two members from each village, one from the alps'
cooperative, two from the canton, the head warden, and one scientist without
a vote. At least four of the nine are women. Minutes are public, except for
the places of animals and plants. Complaints go to the ombudswoman in
Tschavera, who answers within thirty days.

## 6. How this plan is checked

Each season's pictures, sounds, tables and minutes are recorded in the
reserve's ledger when they arrive, before anyone has sorted them. The
council looks at section 2 each February, and says in its minutes what has
been met, what has not, and what will change.
";

/// The council of summer.
pub const MINUTES_SUMMER: &str = "\
Site council of the Vardessa Mountain Reserve (invented for a demonstration)
Minutes of the meeting of 18 June 2025, school house, Tschavera

Present: both members for Tschavera, both for Prazel, the alps' cooperative,
one of two for the canton (the other excused), the head warden, the scientist.

1. Management plan 2025-2034
   The second draft was read section by section. Prazel asked that the larch
   pastures be counted by hectares grazed, not by cattle; agreed. The canton
   asked for a threshold for the bog; 40 weeks, agreed against one voice, who
   holds that nobody has measured enough to say 40. The head warden will
   place a second gauge by August.
   Adopted by seven votes to none. In force on 1 July.

2. The Sorva winter refuge
   A ski guide from Prazel asked that the eastern gully stay open. Those who
   winter cattle dogs there spoke against, two hunters spoke for. The council
   keeps the refuge as drawn, marks a way round it, and hears the guide again
   in February with the tracks of one winter on the table.

3. Evidence
   From this season the reserve keeps a ledger. What comes off the cards is
   recorded the same day, also pictures with nothing on them and pictures
   that look bad. Positions of the lynx are recorded and stay closed.

4. Any other matter
   The footbridge at Palus Naira is safe again. The council thanks the
   school class that carried the planks.

Next meeting: 22 October 2025, Prazel.
";

/// The council of autumn.
pub const MINUTES_AUTUMN: &str = "\
Site council of the Vardessa Mountain Reserve (invented for a demonstration)
Minutes of the meeting of 22 October 2025, dairy, Prazel

Present: both members for Tschavera, one for Prazel (the other in the hay),
the alps' cooperative, both for the canton, the head warden, the scientist.

1. August count
   151 chamois on the Sorva slopes, counted by eleven people from four
   points on 23 August. Threshold 140: met. The scientist notes few kids
   above 2,200 m and asks for a second count in spring; agreed.

2. Dawn recordings of June
   19 species in three mornings. Threshold 18: met. One recording of
   8 June is of a windy hour and is kept with the others.

3. Cameras
   Station CT02 stayed on winter time after the card was changed in March:
   its pictures of summer are one hour behind. The pictures are left as the
   camera wrote them; this minute is the correction. Station CT03 was moved
   forty metres on 2 September, away from the path of the alp, after a herder
   did not wish to be on the pictures. The two pictures of him were shown to
   him and are withheld.

4. Herding
   Four of five herds had dogs. No sheep lost to lynx; two to a fall, on the
   Tarsin side. Payments approved.

5. Complaints
   One, about a drone over the refuge in July. It was the canton's own survey
   and had not been announced. The canton apologises and will announce.

Next meeting: 11 February 2026, Tschavera.
";

/// The council of winter, which looks at the plan's thresholds.
pub const MINUTES_WINTER: &str = "\
Site council of the Vardessa Mountain Reserve (invented for a demonstration)
Minutes of the meeting of 11 February 2026, school house, Tschavera

Present: all nine, and the ombudswoman for item 3.

1. The plan's thresholds, first year
   Chamois: met (151 of 140).
   Lynx: on the way. L03 passed station CT03 on 17 January at night; a second
   adult was heard and not seen. Three winters are needed to say.
   Bearded vulture: one pair carried wool to the Tarsin wall in November, and
   has not been seen to sit. Open.
   Bog: 36 weeks of 40. Not met. The gauge of August changed nothing about
   that. The first ditch is to be closed this summer, a year early.
   Song: met (19 of 18).
   Larch pastures: 314 hectares. Met.
   Alps: three of three. Met.

2. Sorva winter refuge
   Tracks of nineteen people inside the marks since December, most on two
   days. The way round is used. The guide from Prazel was heard: he will lead
   on the way round and asks for better marks at the fork. Granted. The
   refuge stays as drawn for the next winter.

3. Complaints
   None since October. The ombudswoman reports that two people asked what the
   cameras see. They were shown.

4. Evidence
   A visitor asked how one may know that pictures were not chosen
   afterwards. Answer: each card is recorded on the day it comes down, before
   it is sorted; the list is signed, and anyone may check a copy of it.

Next meeting: 17 June 2026, Prazel.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_document_says_that_it_is_invented_and_fits_a_page() {
        for text in [ABOUT, PLAN, MINUTES_SUMMER, MINUTES_AUTUMN, MINUTES_WINTER] {
            let opening: String = text.lines().take(3).collect();
            assert!(opening.to_lowercase().contains("invented"), "{opening}");
            assert!(text.is_ascii() && text.ends_with(".\n"));
            assert!(text.lines().count() < 70 && text.lines().all(|line| line.len() <= 78));
        }
    }
}
