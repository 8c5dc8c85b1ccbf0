//! Work for people.

use tendon_care::access::Role;
use tendon_care::id::{Id, UserId};
use tendon_care::task::{TaskKind, TaskState};
use tendon_care::touchpoint::Via;
use tendon_desk::{DeskError, NewUser, TaskAct, VisitAct};
use tendon_testkit::database::Engine;
use tendon_testkit::on_both_engines;

use crate::world::{World, field};

#[on_both_engines]
async fn tasks_are_taken_done_and_opened_again(engine: Engine) {
    let (world, ana) = World::with_ana(engine).await;
    let visit = world.book(ana, "2026-11-24T08:40").await;
    world
        .desk
        .on_visit(&world.access, visit, VisitAct::CannotCome, Via::Staff)
        .await
        .unwrap();
    let task = world.reader().tasks_of(ana).await.unwrap().remove(0);
    assert_eq!(task.kind, TaskKind::RebookVisit);
    let maria = world
        .desk
        .add_user(
            &world.access,
            &NewUser {
                email: "maria@example.org".into(),
                name: "Maria".into(),
                role: Role::FrontDesk,
                password: "a quiet morning walk".into(),
            },
        )
        .await
        .unwrap();
    let staff = world.access_of(maria, Role::FrontDesk);
    let act = async |act| world.desk.on_task(&staff, task.id, act).await;
    act(TaskAct::Take).await.unwrap();
    let stranger = UserId::from_parts(world.desk.now(), [9; 10]);
    let refused = act(TaskAct::Assign { to: Some(stranger) })
        .await
        .unwrap_err();
    assert_eq!(field(&refused), "owner");
    act(TaskAct::Assign { to: None }).await.unwrap();
    act(TaskAct::Assign { to: Some(maria) }).await.unwrap();
    act(TaskAct::Done).await.unwrap();
    let done = world.reader().task(task.id).await.unwrap().unwrap();
    assert_eq!(done.owner, Some(maria));
    assert!(matches!(done.state, TaskState::Done { by: Some(by), .. } if by == maria));
    assert!(matches!(act(TaskAct::Done).await, Err(DeskError::Stale(_))));
    act(TaskAct::Reopen).await.unwrap();
    assert!(matches!(
        act(TaskAct::Reopen).await,
        Err(DeskError::Stale(_))
    ));
    let by_machine = world
        .desk
        .on_task(&world.access, task.id, TaskAct::Take)
        .await;
    assert_eq!(field(&by_machine.unwrap_err()), "owner");
}
