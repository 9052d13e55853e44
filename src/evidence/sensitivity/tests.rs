use proptest::prelude::*;

use super::*;

fn list(taxa: &str) -> Result<SensitivityList, SensitivityError> {
    SensitivityList::read(format!("format = {FORMAT:?}\n{taxa}").as_bytes())
}

fn cats() -> SensitivityList {
    list(
        "title = \"Cats\"\nreview = \"2028-03-01\"\n\
         [[taxon]]\nname = \"Lynx pardinus\"\ncategory = 1\nstep = \"withhold\"\n\
         [[taxon]]\nname = \"Panthera\"\ncategory = 2\n\
         [[taxon]]\nname = \"Panthera tigris altaica\"\ncategory = 1\n\
         [[taxon]]\nname = \"Felis silvestris Schreber, 1777\"\ncategory = 4\nstep = \"0.01\"\n",
    )
    .unwrap()
}

#[test]
fn names_above_and_below_count() {
    let cats = cats();
    let step = |name| cats.find(name).map(|taxon| taxon.exactness);
    assert_eq!(step("Panthera pardus"), Some(Exactness::Grid(100_000)));
    assert_eq!(step("panthera  ONCA"), Some(Exactness::Grid(100_000)));
    assert_eq!(step("Panthera tigris subsp. altaica"), Some(Exactness::Grid(1_000_000)));
    // It may be the Amur tiger.
    assert_eq!(step("Panthera tigris"), Some(Exactness::Grid(1_000_000)));
    assert_eq!(step("Lynx sp."), Some(Exactness::Withhold));
    assert_eq!(step("Lynx lynx"), None);
    assert_eq!(step("Felis silvestris"), Some(Exactness::Grid(10_000)));
    assert_eq!(step("Felis silvestris (Schreber, 1777)"), Some(Exactness::Grid(10_000)));
    assert_eq!((step(""), step("Vulpes vulpes"), step("Lynxus")), (None, None, None));
    assert_eq!(
        cats.exactness(["Vulpes vulpes", "Panthera leo", "Lynx"]),
        Some(Exactness::Withhold)
    );
    assert_eq!(
        cats.not_met(["Panthera tigris", "Vulpes vulpes"]),
        ["Felis silvestris Schreber, 1777", "Lynx pardinus"]
    );
}

#[test]
fn what_is_wrong_with_a_list_is_said() {
    let refused = |text: &str| list(text).unwrap_err().to_string();
    assert!(refused("[[taxon]]\nname = \"a\"\ncategory = 5").contains("category is 5"));
    assert!(refused("[[taxon]]\nname = \"a\"\ncategory = 0").contains("category is 0"));
    assert!(
        refused("[[taxon]]\nname = \"a\"\ncategory = -9223372036854775808").contains("category")
    );
    assert!(refused("[[taxon]]\nname = \" . \"\ncategory = 1").contains("no name"));
    for step in ["0.001", "0.2", "", "1.0"] {
        let text = format!("[[taxon]]\nname = \"a\"\ncategory = 2\nstep = {step:?}");
        assert!(refused(&text).contains("step"), "{step}");
    }
    let twice = "[[taxon]]\nname = \"Lynx lynx\"\ncategory = 1\n".repeat(2);
    assert!(refused(&twice).contains("twice"));
    assert!(refused("review = \"2028-02-31\"").contains("2028-02-31"));
    assert!(refused("species = 1").contains("species"));
    assert!(SensitivityList::read(b"\xff").is_err());
    assert!(SensitivityList::read(b"format = \"treering/trust/v1\"").is_err());
    assert!(list("").unwrap().is_empty());
}

#[test]
fn places_are_told_as_cells() {
    let place = Place { latitude: 46_661_234, longitude: -10_191_234 };
    let cell = |category: Category| {
        let cell = generalise(place, Exactness::Grid(category.step())).unwrap();
        (cell.south, cell.north, cell.west, cell.east)
    };
    assert_eq!(cell(Category::Extreme), (46_000_000, 47_000_000, -11_000_000, -10_000_000));
    assert_eq!(cell(Category::High), (46_600_000, 46_700_000, -10_200_000, -10_100_000));
    assert_eq!(cell(Category::Medium), (46_660_000, 46_670_000, -10_200_000, -10_190_000));
    assert_eq!(cell(Category::Low), (46_661_000, 46_662_000, -10_192_000, -10_191_000));
    assert_eq!(generalise(place, Exactness::Withhold), None);
}

#[test]
fn deployments_at_one_spot_are_told_alike() {
    let spot = |location, at: Option<(i32, i32)>, exactness| Spot {
        location,
        place: at.map(|(latitude, longitude)| Place { latitude, longitude }),
        exactness,
    };
    let (fine, coarse) = (Some(Exactness::Grid(1_000)), Some(Exactness::Grid(1_000_000)));
    let spots = [
        spot(Some("A"), Some((10_000, 0)), coarse),
        spot(Some("A"), None, None),
        // Eleven metres from the first, over the border of a cell.
        spot(Some("B"), Some((9_900, 0)), fine),
        spot(Some("B"), None, None),
        spot(None, Some((9_900, 5_000)), fine),
        spot(None, None, None),
    ];
    assert_eq!(together(&spots), [coarse, coarse, coarse, coarse, fine, None]);
    assert_eq!(together(&[]), []);
}

proptest! {
    /// However deployments are grouped, none is told more exactly than its own pictures allow.
    #[test]
    fn never_more_exactly(raw in proptest::collection::vec((0u8..4, -3_000i32..3_000, 0i64..4), 0..40)) {
        let names = ["a", "b", "c", "d"];
        let spots: Vec<Spot<'_>> = raw.iter().map(|&(name, at, step)| Spot {
            location: Some(names[usize::from(name)]),
            place: Some(Place { latitude: at, longitude: at / 2 }),
            exactness: Category::of(step).map(|category| Exactness::Grid(category.step())),
        }).collect();
        let told = together(&spots);
        for (spot, told) in spots.iter().zip(&told) {
            prop_assert!(*told >= spot.exactness);
        }
        for (a, told_a) in spots.iter().zip(&told) {
            for (b, told_b) in spots.iter().zip(&told) {
                prop_assert!(a.location != b.location || told_a == told_b);
            }
        }
    }

    #[test]
    fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = SensitivityList::read(&bytes);
    }
}

#[test]
fn the_page_shows_a_list() {
    let page = include_str!("../../../schemas/sensitivity.md");
    let (_, rest) = page.split_once("```toml\n").unwrap();
    let (shown, _) = rest.split_once("```").unwrap();
    let list = SensitivityList::read(shown.as_bytes()).unwrap();
    assert_eq!((list.len(), list.title.as_str()), (2, "Sensitive species of the reserve"));
    let orchid = list.find("Cypripedium calceolus").unwrap();
    assert_eq!((orchid.category, orchid.exactness), (Category::Medium, Exactness::Grid(100_000)));
}
