//! The rules of the operation, one file a rule or a family of rules; each test's name begins with the rule that it proves.

mod b5_notices;
mod b_optional_requests;

mod o1_offer;
mod o2_forward;
mod o3_waiting_time;
mod o4_call_details;
mod o5_six_hours;
mod o6_switched_off;
mod o7_manager_status;
mod o7_presence;

mod d01_caller;
mod d02_odd_answers;
mod d02_verify;
mod d03_several_contacts;
mod d04_employee;
mod d05_numbers;
mod d06_status_unknown;
mod d07_today;
mod d08_reasons;
mod d09_always_a_route;
mod d10_privacy;
mod d11_one_clock;

mod e3_working_hours;
mod e4_deputies;

// What the host does so that an account's limits are kept, whatever the component asks.
mod limits_budget;
mod limits_circuit;
mod limits_second_try;
mod limits_single_flight;
